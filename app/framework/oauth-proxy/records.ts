/**
 * Data of the proxy in the framework's table: transactions, codes, families of refresh tokens, used client assertions. The
 * key of an item is a digest and its data is encrypted, so that codes and tokens cannot be read from the table.
 */
import type { Item, Store } from '../store/store.ts';
import { digest, type Sealer } from './seal.ts';

export type RecordKind = 'assertion' | 'code' | 'family' | 'transaction';

export interface SealedRecord<Data> {
  data: Data;
  item: Item<string>;
}

export interface Records {
  /** Writes a new record. Returns false if there is one with this id. */
  create(kind: RecordKind, id: string, data: object, seconds: number): Promise<boolean>;
  read<Data extends object>(kind: RecordKind, id: string): Promise<SealedRecord<Data> | undefined>;
  /** Replaces the data if nothing has written the record since it was read, and returns the new record; else undefined. */
  replace<Data extends object>(
    record: SealedRecord<Data>,
    data: Data,
  ): Promise<SealedRecord<Data> | undefined>;
}

export function createRecords(store: Store, sealer: Sealer): Records {
  const keyOf = (kind: RecordKind, id: string): string => `oauth#${kind}#${digest(id)}`;
  return {
    async create(kind, id, data, seconds) {
      const expires = Math.ceil(Date.now() / 1000) + seconds;
      return store.putIfAbsent({ key: keyOf(kind, id), expires, data: await sealer.seal('record', data) });
    },
    async read<Data extends object>(kind: RecordKind, id: string) {
      const item = await store.get<string>(keyOf(kind, id));
      const data = item && (await sealer.open<Data>('record', item.data));
      return item && data && { item, data };
    },
    async replace(record, data) {
      const item = await store.update(record.item, await sealer.seal('record', data));
      return item && { item, data };
    },
  };
}

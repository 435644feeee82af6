/** MCP_SECRET on a developer's machine: one for each checkout, in a file that git ignores. */
import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

export interface LocalSecret {
  secret: string;
  /** Error code of the file system if the secret could not be saved, as in a container: it is then valid for this process only. */
  unsaved: string | undefined;
}

/** Returns the secret in `file`, which is created if necessary. Parallel calls of several processes return the same secret. */
export function localSecret(file: string): LocalSecret {
  const existing = readIfThere(file);
  if (existing !== undefined) return { secret: existing, unsaved: undefined };
  const secret = randomBytes(32).toString('hex');
  const written = `${file}.${randomUUID()}`;
  try {
    // The link creates the file with its content: another process never reads a part of it.
    writeFileSync(written, secret, { mode: 0o600, flag: 'wx' });
    linkSync(written, file);
    return { secret, unsaved: undefined };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return { secret: readFileSync(file, 'utf8'), unsaved: undefined };
    return { secret, unsaved: code };
  } finally {
    rmSync(written, { force: true });
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Closes what a suite has opened. Whatever has not come to be, because the suite could not be set up, is passed over: the failure to tell is that one. */

interface Closable {
  close(): unknown;
}

/** In this order, each whatever becomes of the others. Rejects with the first failure. */
export async function closeAll(...opened: (Closable | undefined)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const each of opened) {
    try {
      await each?.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

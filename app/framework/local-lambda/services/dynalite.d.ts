declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A server over a store in memory; it need not listen. */
  export default function dynalite(options: { createTableMs?: number }): Server;
}

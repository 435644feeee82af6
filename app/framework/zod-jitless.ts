/**
 * Disables code generation in zod (https://zod.dev/api#jitless). Import it before all modules that create schemas.
 *
 * In the function: zod compiles code for each object schema on its first use, which no code cache contains. Without it, the first
 * response comes 2 to 9 % earlier, and later calls take the same time. Only lists with thousands of objects are validated more
 * slowly (10,000 objects: 5 ms instead of 1.2 ms); `z.config({ jitless: false })` before such a schema compiles it.
 *
 * On the page: its policy denies code generation, and the browser would report that zod tests for it.
 */
import { config } from 'zod';

config({ jitless: true });

/**
 * Disables code generation in zod, which tests whether it may compile code: the page's policy denies this, and the browser would
 * report it. Import it before all modules that create schemas. https://zod.dev/api#jitless
 */
import { config } from 'zod';

config({ jitless: true });

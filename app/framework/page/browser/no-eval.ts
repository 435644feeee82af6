/**
 * To be imported before anything that makes schemas: zod tries whether it may compile code, which the page's policy forbids
 * and the browser would report. https://zod.dev/api#jitless
 */
import { config } from 'zod';

config({ jitless: true });

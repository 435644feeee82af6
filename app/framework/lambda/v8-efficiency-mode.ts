/**
 * Switches V8 to `--efficiency-mode` if the function has less than one vCPU: V8 then uses fewer compiler threads and optimises
 * later. In an environment that is mostly idle, this optimisation rarely pays off and takes CPU time from the responses. Measured
 * in scripts/bench/README.md.
 *
 * Only after the first response: until then Node loads its own modules from a cache that is valid for V8's initial flags only.
 */
import type { LambdaContext } from '../types.ts';

/**
 * From this memory size on, in MB, a function has a full vCPU.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
export const MB_PER_VCPU = 1769;

/** Returns a function to call after each response: it switches the mode after the first, in the next turn of the event loop. */
export function efficiencyModeSwitch(): (
  context: Partial<Pick<LambdaContext, 'memoryLimitInMB'>> | undefined,
) => void {
  let called = false;
  return function switchOnce({ memoryLimitInMB } = {}) {
    if (called) return;
    called = true;
    if (Number(memoryLimitInMB) >= MB_PER_VCPU) return;
    setImmediate(() => process.getBuiltinModule('node:v8').setFlagsFromString('--efficiency-mode'));
  };
}

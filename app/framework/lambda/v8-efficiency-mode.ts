/**
 * Tells V8, where the function has less than a processor, to be thrifty with it: it compiles in threads of their own, for a
 * future that an environment with little to do does not have, and what they use is taken from the answers. Not before the
 * first answer is out: until then Node takes its own modules from a cache that holds for the flags V8 was started with.
 *
 * V8's `--efficiency-mode`: fewer threads, and the second compiler later. Measured in README.md, "What it costs".
 */

/** What the function context says about the memory, in MB. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
interface MemoryContext {
  memoryLimitInMB?: string | number;
}

/** From here on a function has a whole processor. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MB_PER_PROCESSOR = 1769;

type Handler = (...args: never[]) => Promise<unknown>;

/** `handler`, after whose first answer the engine is thrifty. */
export function efficientAfterFirst<H extends Handler>(handler: H): H {
  let answered = false;
  const thrifty = async (...args: never[]): Promise<unknown> => {
    if (answered) return handler(...args);
    answered = true;
    try {
      return await handler(...args);
    } finally {
      setImmediate(enableEfficiencyMode, args.at(-1) as MemoryContext | undefined);
    }
  };
  return thrifty as unknown as H;
}

function enableEfficiencyMode({ memoryLimitInMB }: MemoryContext = {}): void {
  if (Number(memoryLimitInMB) >= MB_PER_PROCESSOR) return;
  process.getBuiltinModule('node:v8').setFlagsFromString('--efficiency-mode');
}

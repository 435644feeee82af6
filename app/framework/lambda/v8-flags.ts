/**
 * V8's flags on the command line of the function's process: in the ENTRYPOINT of the Dockerfile, and when the local Lambda starts it.
 *
 * `--min-semi-space-size=4` (MB): by default V8 starts with 1 MB for new objects and moves an object that survives two collections
 * of that space to the old space. This includes objects of requests in progress, so the first full collection happens during the
 * first hundred calls. With 4 MB those calls need a tenth less CPU time, and memory stays the same (scripts/bench/README.md). V8's
 * code cache does not depend on this flag; with most other flags V8 rejects the cache, and init takes about 60 % longer.
 */
export const V8_FLAGS = ['--min-semi-space-size=4'] as const;

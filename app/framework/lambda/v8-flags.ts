/**
 * V8's flags on the command line of the function's process: in the ENTRYPOINT of the Dockerfile, and when the local Lambda starts it.
 *
 * `--min-semi-space-size=4` (MB): V8 starts with 1 MB for new objects, and what two collections of that space find alive becomes
 * old. Objects of a request in progress are then old too, and the first full collection falls into the first hundred calls. With
 * 4 MB those calls need a tenth less CPU time, and memory stays the same (scripts/bench/README.md). The flag is one of few that
 * V8's code cache does not depend on; another flag here makes V8 reject the cache, and init takes longer by half.
 */
export const V8_FLAGS = ['--min-semi-space-size=4'] as const;

/**
 * Throttling of a stage: a token bucket with at most `burst` tokens, refilled by `rate` tokens per second.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
export interface Throttle {
  /** Requests per second. */
  rate: number;
  /** Size of the bucket, in requests. */
  burst: number;
}

/** Returns a function that takes a token and returns whether there was one. */
export function createThrottle(
  { rate, burst }: Throttle,
  now: () => number = performance.now.bind(performance),
) {
  let tokens = burst;
  let filled = now();
  return function takeToken(): boolean {
    const time = now();
    tokens = Math.min(burst, tokens + ((time - filled) / 1000) * rate);
    filled = time;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

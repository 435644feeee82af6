/**
 * Throttling of a stage: a bucket of tokens, `burst` in it at most and `rate` more every second.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
export interface Throttle {
  /** Requests a second. */
  rate: number;
  /** Requests at once. */
  burst: number;
}

/** Gives a function that takes a token: false when there is none. */
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

/**
 * What tool calls cost. https://aws.amazon.com/lambda/pricing/: arm64, us-east-1, first tier, November 2026, without the
 * free tier, data transfer and logs.
 */
export const MEMORY_SIZES = [128, 512, 1769] as const;

const PER_REQUEST = 0.2 / 1_000_000;
const PER_GB_SECOND = 0.0000133334;
/** MB of memory that come with one vCPU. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
export const MB_PER_VCPU = 1769;

export interface CallCost {
  /** CPU time of a call, in ms. */
  cpuMs: number;
  /** How long a call takes with a full vCPU, in ms. */
  wallMs: number;
  /** Invocations for one tool call. */
  invocations: number;
}

/** Dollars for a million tool calls of fresh clients, warm. Each invocation is billed as a call, in whole milliseconds. */
export function dollarsPerMillion({ cpuMs, wallMs, invocations }: CallCost, memoryMb: number): number {
  const share = Math.min(1, memoryMb / MB_PER_VCPU);
  const billedMs = Math.ceil(Math.max(wallMs, cpuMs / share));
  return 1_000_000 * invocations * (PER_REQUEST + (billedMs / 1000) * (memoryMb / 1024) * PER_GB_SECOND);
}

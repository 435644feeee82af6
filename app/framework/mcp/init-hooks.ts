/**
 * Tasks that run during init, which gets a full vCPU at any memory size: stdio programs start here. app/framework/lambda runs
 * them once; without it, each program starts on its first request.
 */
const tasks: (() => Promise<void>)[] = [];

/** Adds a task. It must not reject: requests report the failure, and the other tasks must run. */
export function onInit(task: () => Promise<void>): void {
  tasks.push(task);
}

export async function runInitHooks(): Promise<void> {
  await Promise.all(tasks.map(task => task()));
}

/**
 * Tasks that run during init, which gets a full vCPU at any memory size: stdio programs start here. app/framework/lambda runs
 * them once; without that, each starts with its first request.
 */
const tasks: (() => Promise<void>)[] = [];

/** `task` must not reject: a failure belongs to the requests that need it, and must not stop the other tasks. */
export function onInit(task: () => Promise<void>): void {
  tasks.push(task);
}

export async function runInitHooks(): Promise<void> {
  await Promise.all(tasks.map(task => task()));
}

/**
 * What is to be ready before the first request: on Lambda the init has a whole processor at any memory size, and servers
 * that are processes of their own start in it. Run once by app/framework/lambda; without it everything starts with its first request.
 */
const tasks: (() => Promise<void>)[] = [];

/** `task` never rejects: what fails in it must be told to those who ask for it, and not stop the others. */
export function onInit(task: () => Promise<void>): void {
  tasks.push(task);
}

export async function runInitHooks(): Promise<void> {
  await Promise.all(tasks.map(task => task()));
}

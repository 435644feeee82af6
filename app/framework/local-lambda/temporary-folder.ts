/**
 * The /tmp of one execution environment: on Lambda each has its own, which its invocations share. Processes on one machine share
 * /tmp, so each environment gets its own folder, which programs find by the variable for temporary files (`os.tmpdir()`).
 */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The variable that `os.tmpdir()` reads first. */
const VARIABLE = process.platform === 'win32' ? 'TEMP' : 'TMPDIR';
/** Retries of the deletion: processes that have just been killed may still write into the folder. */
const RETRIES = 5;

export class TemporaryFolder {
  readonly #path = create();

  /** Variables for the processes of the environment. */
  get env(): Record<string, string> {
    return this.#path === undefined ? {} : { [VARIABLE]: this.#path };
  }

  /** Deletes the folder. Never rejects. */
  async remove(): Promise<void> {
    if (this.#path === undefined) return;
    await rm(this.#path, { recursive: true, force: true, maxRetries: RETRIES }).catch(error =>
      process.emitWarning(`The folder of an execution environment was not deleted: ${error.message}`),
    );
  }
}

/** Creates the folder. Returns undefined if the file system is read-only, as in a container without /tmp. */
function create(): string | undefined {
  try {
    return mkdtempSync(join(tmpdir(), 'lambda-environment-'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EROFS') return undefined;
    throw error;
  }
}

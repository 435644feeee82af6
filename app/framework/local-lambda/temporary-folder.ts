/**
 * The /tmp of one execution environment: on Lambda each has its own, which its invocations share. Processes on one machine have one
 * /tmp, so each environment gets a folder of its own, which programs find by the variable for temporary files (`os.tmpdir()`).
 */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `os.tmpdir()` reads first. */
const VARIABLE = process.platform === 'win32' ? 'TEMP' : 'TMPDIR';
/** Processes that were killed a moment ago may still write into it. */
const RETRIES = 5;

export class TemporaryFolder {
  readonly #path = create();

  /** For the processes of the environment. */
  get env(): Record<string, string> {
    return this.#path === undefined ? {} : { [VARIABLE]: this.#path };
  }

  /** Never rejects. */
  async remove(): Promise<void> {
    if (this.#path === undefined) return;
    await rm(this.#path, { recursive: true, force: true, maxRetries: RETRIES }).catch(error =>
      process.emitWarning(`A folder of an execution environment remains: ${error.message}`),
    );
  }
}

/** Undefined where nothing can be written, as in a container with a read-only root and no /tmp. */
function create(): string | undefined {
  try {
    return mkdtempSync(join(tmpdir(), 'lambda-environment-'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EROFS') return undefined;
    throw error;
  }
}

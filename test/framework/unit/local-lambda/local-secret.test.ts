/** MCP_SECRET on a developer's machine. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { localSecret } from '../../../../app/framework/local-lambda/local-secret.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

const folder = mkdtempSync(join(tmpdir(), 'secret-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the local secret', () => {
  test('is created once, readable only by its owner, and is the same after a restart', () => {
    const file = join(folder, 'one');
    const { secret, unsaved } = localSecret(file);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(unsaved).toBeUndefined();
    expect(readFileSync(file, 'utf8')).toBe(secret);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(localSecret(file)).toEqual({ secret, unsaved: undefined });
  });

  test('is the same in two processes that create it at the same time', async () => {
    const shared = join(folder, 'shared');
    const script = `
      import { localSecret } from ${JSON.stringify(join(ROOT, 'app/framework/local-lambda/local-secret.ts'))};
      process.stdout.write(localSecret(${JSON.stringify(shared)}).secret);`;
    const runs = Array.from({ length: 4 }, () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]),
    );
    const secrets = (await Promise.all(runs)).map(({ stdout }) => stdout);
    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(readdirSync(folder).sort()).toEqual(['one', 'shared']);
  });

  test('is different in each process if the file cannot be written', () => {
    const file = join(folder, 'missing', 'secret');
    const { secret, unsaved } = localSecret(file);
    expect(unsaved).toBe('ENOENT');
    expect(localSecret(file).secret).not.toBe(secret);
  });
});

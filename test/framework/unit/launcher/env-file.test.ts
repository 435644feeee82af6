/** The .env file, which `npm start` and `npm run dev` read. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { withEnvFile } from '../../../../scripts/start/env-file.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

const folder = mkdtempSync(join(tmpdir(), 'env-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('.env', () => {
  test('may be missing', () => {
    expect(withEnvFile(folder, { HOME: '/home/me' })).toEqual({ HOME: '/home/me' });
  });

  test('adds variables, which the environment overrides', () => {
    writeFileSync(
      join(folder, '.env'),
      '# Of the weather service\nWEATHER_KEY="a secret"\nHOME=/elsewhere\n',
    );
    expect(withEnvFile(folder, { HOME: '/home/me' })).toEqual({ HOME: '/home/me', WEATHER_KEY: 'a secret' });
  });

  test('is ignored by git and left out of the image', () => {
    expect(readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n')).toContain('.env');
    const [everything, ...kept] = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'));
    expect(everything).toBe('*');
    expect(kept).not.toContain('!.env');
  });
});

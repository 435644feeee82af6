/** The plugin that lets esbuild drop schemas: it finds them in this SDK, and what is asked for stays. */
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { unusedSchemas } from '../../scripts/unused-schemas.ts';
import { ROOT } from '../helpers/local-lambda.ts';

async function bundled(contents: string) {
  const { outputFiles, warnings } = await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'silent',
    plugins: [unusedSchemas],
  });
  return { text: outputFiles[0]?.text ?? '', warnings };
}

test('it knows this SDK, and drops what nobody asks for', async () => {
  const { text, warnings } = await bundled(
    "import { createMcpHandler } from '@modelcontextprotocol/server'; console.log(createMcpHandler);",
  );
  expect(warnings).toEqual([]);
  expect(text).toMatch(/^\s*(var|const) JSONRPCMessageSchema = /m);
  expect(text).not.toMatch(/^(var|const) SubscribeRequestSchema = /m);
  expect(text).not.toContain('_specTypeSchemas');
});

test('the table of all of them works for who asks for it', async () => {
  const { text } = await bundled(
    "import { isSpecType, specTypeSchemas } from '@modelcontextprotocol/server'; globalThis.seen = [Object.keys(specTypeSchemas).length, isSpecType.Role('user'), isSpecType.Role('x'), isSpecType.Tool({ name: 'x', inputSchema: { type: 'object' } })];",
  );
  await import(`data:text/javascript,${encodeURIComponent(text)}`);
  const [count, ...verdicts] = (globalThis as unknown as { seen: unknown[] }).seen;
  expect(count).toBeGreaterThan(100);
  expect(verdicts).toEqual([true, false, true]);
});

test('an SDK that looks otherwise is left alone, with a warning', async () => {
  const { warnings } = await bundled("import * as z from 'zod'; console.log(z.string());");
  expect(warnings).toMatchObject([{ text: expect.stringContaining('start more slowly') }]);
});

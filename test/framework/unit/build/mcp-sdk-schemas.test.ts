/** The rewrites that make the SDK start faster: they apply to the installed SDK, and its schemas stay the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PatchError } from '../../../../scripts/build/patches/diffs.ts';
import { lazyWire, rewriteSchemas } from '../../../../scripts/build/patches/mcp-sdk-schemas.ts';
import { loadPatched } from '../../../../scripts/build/patches/patched-files.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

async function bundled(contents: string, plugins: Plugin[], resolveDir = ROOT) {
  const { outputFiles, warnings } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'silent',
    plugins,
  });
  return { text: outputFiles[0]?.text ?? '', warnings };
}

async function evaluated<T>(text: string): Promise<T> {
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

const REWRITTEN = loadPatched(rewriteSchemas(new Map()));

test('the bundle leaves out unused schemas', async () => {
  const { text, warnings } = await bundled(
    "import { createMcpHandler } from '@modelcontextprotocol/server'; console.log(createMcpHandler);",
    [REWRITTEN],
  );
  expect(warnings).toEqual([]);
  expect(text).toMatch(/^var JSONRPCMessageSchema = /m);
  expect(text).not.toMatch(/^var SubscribeRequestSchema = /m);
  expect(text).not.toContain('_specTypeSchemas');
});

test('the table of all schemas works in a bundle that uses it', async () => {
  const { text } = await bundled(
    "import { isSpecType, specTypeSchemas } from '@modelcontextprotocol/server'; export const names = Object.keys(specTypeSchemas); export { isSpecType };",
    [REWRITTEN],
  );
  type Guards = Record<'Role' | 'Tool', (value: unknown) => boolean>;
  const { names, isSpecType } = await evaluated<{ names: string[]; isSpecType: Guards }>(text);
  expect(names.length).toBeGreaterThan(100);
  expect([isSpecType.Role('user'), isSpecType.Role('x')]).toEqual([true, false]);
  expect(isSpecType.Tool({ name: 'x', inputSchema: { type: 'object' } })).toBe(true);
});

test('rewriteSchemas rejects an unknown version of the SDK, and names the rewrite and the version', () => {
  const files = [...rewriteSchemas(new Map()).keys()];
  expect(files).toHaveLength(4);
  for (const path of files)
    expect(() => rewriteSchemas(new Map([[path, 'const something = 1;']]))).toThrow(PatchError);
  expect(() => rewriteSchemas(new Map([[files[0] ?? '', '']]))).toThrow(
    /mcp-sdk-schemas\.ts \(droppableSchemas\) does not fit @modelcontextprotocol\/core \d+\.\d+\.\d+: no file/,
  );
});

describe.each(['server', 'client'])('the schemas of @modelcontextprotocol/%s', name => {
  const folder = dirname(fileURLToPath(import.meta.resolve(`@modelcontextprotocol/${name}`)));
  const sources = readdirSync(folder)
    .filter(file => file.endsWith('.mjs'))
    .map(file => readFileSync(join(folder, file), 'utf8'));

  test.each(['buildSchemas2025', 'buildSchemas2026'])(
    '%s creates the same schemas one by one',
    async builder => {
      const source = sources.find(text => lazyWire(text)) ?? expect.fail('no file fits');
      const schemasOf = async (text: string) => {
        const exporting = `${text.replace(/^export \{.*$/m, '')}\nexport { ${builder} };`;
        const { text: code } = await bundled(exporting, [], folder);
        const built = await evaluated<Record<string, () => Record<string, object>>>(code);
        return built[builder]?.() ?? expect.fail(`${builder} is missing`);
      };
      const [original, lean] = [await schemasOf(source), await schemasOf(lazyWire(source) ?? '')];
      expect(Object.keys(lean)).toEqual(Object.keys(original));
      expect(Object.keys(lean).length).toBeGreaterThan(90);
      for (const [key, { get }] of Object.entries(Object.getOwnPropertyDescriptors(lean))) {
        expect(get, `${key} is created too early`).toBeDefined();
      }
      for (const [key, schema] of Object.entries(original))
        expect(described(lean[key]), key).toEqual(described(schema));
    },
  );
});

/** Returns a schema, or a table of schemas, as data. */
function described(value: unknown): unknown {
  if (typeof value === 'object' && value && '_zod' in value) {
    return z.toJSONSchema(value as z.ZodType, { unrepresentable: 'any', io: 'input' });
  }
  return Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, described(each)]));
}

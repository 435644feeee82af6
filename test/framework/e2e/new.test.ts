/** `npm run new -- server NAME` in a copy of the project: the generated files are formatted, compile and work. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { mountRoute } from '../../../scripts/new/mount-route.ts';
import { ROOT, TEST_PACKAGES } from '../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../helpers/project-copy.ts';

const execute = promisify(execFile);

const newServer = (copy: ProjectCopy, ...args: string[]) =>
  execute(process.execPath, ['scripts/new.ts', ...args], { cwd: copy.folder });

const ROUTES = `import { Hono } from 'hono';
import { mcp } from '#framework';
import { time } from './servers/time.ts';

export const routes = new Hono().route('/mcp', mcp(time));
`;
const TIME = `import { McpServer } from '@modelcontextprotocol/server';

export function time(): McpServer {
  return new McpServer({ name: 'time', version: '1.0.0' });
}
`;

test('npm run new writes and mounts a server and its test, which are formatted, compile, pass and can be bundled', async () => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', ROUTES);
  copy.write('app/servers/time.ts', TIME);
  const { stdout } = await newServer(copy, 'server', 'rate-limits');
  expect(stdout).toMatch(
    /wrote +app\/servers\/rate-limits\.ts\nwrote +test\/servers\/rate-limits\.test\.ts\nmounted +\/rate-limits in app\/routes\.ts/,
  );
  await newServer(copy, 'server', 'zoo');
  await newServer(copy, 'server', 'a'.repeat(40));
  const { stdout: withApp } = await newServer(copy, 'server', 'shown-dice', '--app');
  expect(withApp).toMatch(
    /wrote +app\/servers\/shown-dice\/shown-dice\.ts\nwrote +app\/servers\/shown-dice\/app\.html\nwrote +test\/servers\/shown-dice\.test\.ts\nmounted +\/shown-dice/,
  );
  expect(copy.read('app/routes.ts')).toBe(`import { Hono } from 'hono';
import { mcp } from '#framework';
import { ${'a'.repeat(40)} } from './servers/${'a'.repeat(40)}.ts';
import { rateLimits } from './servers/rate-limits.ts';
import { shownDice } from './servers/shown-dice/shown-dice.ts';
import { time } from './servers/time.ts';
import { zoo } from './servers/zoo.ts';

export const routes = new Hono()
  .route('/mcp', mcp(time))
  .route('/rate-limits', mcp(rateLimits))
  .route('/zoo', mcp(zoo))
  .route('/${'a'.repeat(40)}', mcp(${'a'.repeat(40)}))
  .route('/shown-dice', mcp(shownDice));
`);

  const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);
  const biome = join(TEST_PACKAGES, '.bin/biome');
  const names = ['rate-limits', 'zoo', 'a'.repeat(40)];
  const written = names.flatMap(name => [`app/servers/${name}.ts`, `test/servers/${name}.test.ts`]);
  written.push('app/servers/shown-dice', 'test/servers/shown-dice.test.ts');
  await execute(biome, ['check', '--error-on-warnings', ...written, 'app/routes.ts'], {
    cwd: copy.folder,
  });
  const config = { extends: './tsconfig.json', include: ['app', 'test'] };
  copy.write('tsconfig.test.json', JSON.stringify(config));
  await execute(bin('tsc'), ['--noEmit', '-p', 'tsconfig.test.json'], { cwd: copy.folder });
  copy.write(
    'vitest.config.ts',
    "import { textFiles } from './scripts/build/text-files.ts';\nexport default { plugins: [textFiles()] };\n",
  );
  const { stdout: tested } = await execute(bin('vitest'), ['run', 'test/servers'], { cwd: copy.folder });
  expect(tested).toMatch(/Tests .*9 passed/);
  await execute(process.execPath, ['scripts/build/build.ts'], { cwd: copy.folder });
  expect(copy.read('dist/bundle.cjs')).toContain('rate-limits');
  expect(copy.read('dist/bundle.cjs')).toContain('ui/notifications/initialized');
});

test('npm run new overwrites no file', async () => {
  using copy = new ProjectCopy();
  mkdirSync(join(copy.folder, 'test/servers'), { recursive: true });
  writeFileSync(join(copy.folder, 'test/servers/mine.test.ts'), 'mine');
  const before = copy.read('app/routes.ts');
  await expect(newServer(copy, 'server', 'mine')).rejects.toMatchObject({
    code: 2,
    stderr: 'test/servers/mine.test.ts exists. Nothing was changed.\n',
  });
  expect(copy.read('test/servers/mine.test.ts')).toBe('mine');
  expect(copy.read('app/routes.ts')).toBe(before);
});

test('npm run new writes the server and prints the lines to add by hand if it cannot edit app/routes.ts', async () => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', "import { Hono } from 'hono';\nexport const routes = create(new Hono());\n");
  await expect(newServer(copy, 'server', 'mine')).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('wrote    app/servers/mine.ts\n'),
    stderr: `app/routes.ts was not changed, because it does not declare \`routes = new Hono()\`. Mount the server by hand:
  import { mcp } from '#framework';
  import { mine } from './servers/mine.ts';
  .route('/mine', mcp(mine))
`,
  });
  expect(copy.read('app/servers/mine.ts')).toContain('export function mine(): McpServer');
});

test.each([
  [[]],
  [['server']],
  [['server', 'Not OK']],
  [['tool', 'x']],
  [['server', '../x']],
  [['server', 'class']],
  [['server', 'before-all']],
  [['server', 'a'.repeat(41)]],
  [['server', 'x', 'y']],
  [['server', 'x', '--apps']],
  [['--app']],
])('npm run new prints its usage for %j', async args => {
  using copy = new ProjectCopy();
  await expect(newServer(copy, ...args)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Usage: npm run new -- server NAME'),
  });
});

describe('mountRoute', () => {
  const dice = { factory: 'dice', module: './servers/dice.ts', path: '/dice' };
  const mounted = (text: string): string => mountRoute(text, dice);
  const imports = "import { Hono } from 'hono';\nimport { mcp } from '#framework';\n";
  const diceImport = "import { dice } from './servers/dice.ts';\n";

  test.each([
    ['no route', 'new Hono();', "new Hono().route('/dice', mcp(dice));"],
    [
      'one route on the line',
      "new Hono().route('/a', mcp(a));",
      "new Hono().route('/a', mcp(a)).route('/dice', mcp(dice));",
    ],
    [
      'two routes on the line',
      "new Hono().route('/a', mcp(a)).route('/b', mcp(b));",
      "new Hono()\n  .route('/a', mcp(a))\n  .route('/b', mcp(b))\n  .route('/dice', mcp(dice));",
    ],
    [
      'a route per line, with comments, options and a semicolon in a string',
      "new Hono()\n    // One; two.\n    .route('/a;', mcp(a, { onError: e => { log(e); } })) // Last.\n    /* End. */;",
      "new Hono()\n    // One; two.\n    .route('/a;', mcp(a, { onError: e => { log(e); } }))\n    .route('/dice', mcp(dice)) // Last.\n    /* End. */;",
    ],
    [
      'no chain',
      "new Hono();\nroutes.route('/a', mcp(a));\nroutes.get('/b', c => c.text('b'));",
      "new Hono().route('/dice', mcp(dice));\nroutes.route('/a', mcp(a));\nroutes.get('/b', c => c.text('b'));",
    ],
    [
      'no semicolons',
      "new Hono()\n  .route('/a', mcp(a))\n\nexport const other = 1\n",
      "new Hono()\n  .route('/a', mcp(a))\n  .route('/dice', mcp(dice))\n\nexport const other = 1\n",
    ],
    [
      'type arguments',
      'new Hono<{ Variables: { a: string } }>({ strict: false });',
      "new Hono<{ Variables: { a: string } }>({ strict: false }).route('/dice', mcp(dice));",
    ],
  ])('adds a route to routes with %s', (_, before, after) => {
    const declaration = '\nexport const routes = ';
    expect(mounted(imports + declaration + before)).toBe(imports + diceImport + declaration + after);
    const typed = '\nconst routes: Hono = ';
    expect(mounted(imports + typed + before)).toBe(imports + diceImport + typed + after);
  });

  test.each([
    [
      'adds its import in order to several imports with several lines',
      "import {\n  a,\n  mcp,\n} from '#framework';\nimport { a } from './servers/a.ts';\nimport type { E } from './servers/e.ts';\nimport './z.ts';\n",
      "import {\n  a,\n  mcp,\n} from '#framework';\nimport { a } from './servers/a.ts';\nimport { dice } from './servers/dice.ts';\nimport type { E } from './servers/e.ts';\nimport './z.ts';\n",
    ],
    [
      'adds mcp to an import of #framework',
      "import { auth, mcpV1, type Z } from '#framework';\n",
      `import { auth, mcp, mcpV1, type Z } from '#framework';\n${diceImport}`,
    ],
    [
      'adds an import of #framework if there is none',
      "import { Hono } from 'hono';\n",
      `import { Hono } from 'hono';\nimport { mcp } from '#framework';\n${diceImport}`,
    ],
    [
      'uses the quotes and semicolons of the text',
      'import { mcp } from "#framework"\n',
      'import { mcp } from "#framework"\nimport { dice } from "./servers/dice.ts"\n',
    ],
  ])('%s', (_, before, after) => {
    const quote = before.includes('"') ? '"' : "'";
    const routes = 'export const routes = new Hono()';
    expect(mounted(before + routes)).toBe(`${after}${routes}.route(${quote}/dice${quote}, mcp(dice))`);
  });

  test('keeps Windows line ends', () => {
    const windows = ROUTES.replaceAll('\n', '\r\n');
    expect(mounted(windows)).toBe(mounted(ROUTES).replaceAll('\n', '\r\n'));
    expect(mounted(ROUTES)).toContain(".route('/dice', mcp(dice));\n");
  });

  test.each([
    ["import { dice } from './other.ts';\nconst routes = new Hono();", 'it has another "dice"'],
    ["import { Hono } from 'hono';\nconst dice = 1;\nconst routes = new Hono();", 'it has another "dice"'],
    ["import { Hono } from 'hono';\nconst routes = new Hono().route('/dice', x);", 'it has a route /dice'],
    ["import { Hono } from 'hono';\nexport default new Hono();", 'it does not declare `routes = new Hono()`'],
    ['const routes = new Hono();', 'it imports nothing'],
  ])('throws for %j', (text, message) => {
    expect(() => mounted(text)).toThrow(message);
  });
});

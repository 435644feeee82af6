/**
 * `npm run page:pictures`: creates the pictures of the READMEs: the page with the weather example, a terminal session with it, and the
 * local dashboard. Needs Chromium, a free port 8080, and the example mounted at /weather.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findChromium, visit } from '../../test/framework/unit/page/chromium.ts';
import { CLIENTS } from '../../test/helpers/clients.ts';
import { MANY_TERMS, startFakeUpstream } from '../../test/helpers/fake-upstream.ts';
import { ROOT, startApp, startDist } from '../../test/helpers/local-lambda.ts';
import { terminalSvg } from './terminal.ts';
import { startWeatherUpstream } from './weather-upstream.ts';

const folder = join(ROOT, '.github/pictures');
const chromium = await findChromium();
if ('missing' in chromium) throw new Error(chromium.missing);
await mkdir(folder, { recursive: true });
await takeExample(chromium.found);
await takeDashboard(chromium.found);

/** Creates the pictures of the page and of a terminal. */
async function takeExample(browser: string): Promise<void> {
  await using weather = await startWeatherUpstream();
  const args = ['--port', '8080', '--dashboard-port', '0'];
  await using lambda = await startDist(join(ROOT, 'dist'), { args, env: weather.env });
  await lambda.printed(/ready at \S+\/weather\n[\s\S]*list"}'\n/);
  const started = lambda.output();

  const { page, close } = await visit(browser, { width: 1180, height: 1230 });
  await page.goto(`${lambda.url}/weather`);
  const tool = page.locator('[data-name=get_weather]');
  await tool.getByLabel('location').fill('Lisbon');
  await tool.getByRole('button', { name: 'Call', exact: true }).click();
  const card = tool.frameLocator('iframe').frameLocator('iframe');
  await card.getByRole('heading', { name: 'Lisbon' }).waitFor();
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: join(folder, 'page.png') });
  await close();

  const call = ['http://localhost:8080/weather', 'get_weather', '{"location":"Lisbon"}'];
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/call.ts'), ...call], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  const steps = [
    { command: 'npm start', output: started },
    {
      command: 'npm run call -- http://localhost:8080/weather get_weather \'{"location":"Lisbon"}\'',
      output: stdout,
    },
  ];
  const title = 'npm start prints where the MCP servers are; npm run call calls a tool of one.';
  await writeFile(join(folder, 'terminal.svg'), terminalSvg(title, steps));
}

async function takeDashboard(browser: string): Promise<void> {
  await using upstream = await startFakeUpstream();
  await using lambda = await startApp({
    args: ['--dashboard-port', '0', '--port', '8080'],
    env: upstream.env,
  });
  const [, dashboardUrl = ''] = await lambda.printed(/Local dashboard: (\S+)/);
  const dashboard = await visit(browser, { width: 1180, height: 1000, colorScheme: 'dark' });
  await dashboard.page.goto(dashboardUrl);
  const client = await CLIENTS['SDK v2, modern'](lambda.url, {});
  for (const term of MANY_TERMS.slice(0, 7)) await client.call('lookup', { term });
  await client.call('lookup_many', { terms: ['estuary', 'glacier', 'tide', 'lagoon'] }, true);
  upstream.setDelay(4000);
  const slow = Promise.all([
    client.call('lookup', { term: 'tide' }),
    client.call('lookup', { term: 'glacier' }),
  ]);
  await dashboard.page.locator('li.busy').nth(1).waitFor();
  await dashboard.page.locator('#invocations tr').nth(2).getByRole('button').click();
  await dashboard.page.locator('#details pre').first().waitFor();
  await dashboard.page.screenshot({ path: join(folder, 'local-dashboard.png') });
  await slow;
  await client.close();
  await dashboard.close();
}

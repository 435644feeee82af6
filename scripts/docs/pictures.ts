/** `npm run page:pictures`: takes the pictures of the README anew, of the page and of the local dashboard. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findChromium, visit } from '../../test/framework/unit/page/chromium.ts';
import { CLIENTS } from '../../test/helpers/clients.ts';
import { ROOT, startApp } from '../../test/helpers/local-lambda.ts';
import { startUpstream } from '../../test/helpers/upstream.ts';

const folder = join(ROOT, '.github/pictures');
const chromium = await findChromium();
if ('missing' in chromium) throw new Error(chromium.missing);
await mkdir(folder, { recursive: true });
await using upstream = await startUpstream();
const settings = { WEATHER_GEOCODING_URL: upstream.url, WEATHER_FORECAST_URL: upstream.url };
await using lambda = await startApp({ args: ['--dashboard-port', '0', '--port', '8080'], env: settings });
const [, dashboardUrl = ''] = await lambda.printed(/Local dashboard: (\S+)/);

const page = await visit(chromium.found, { width: 1180, height: 1000 });
await page.page.goto(`${lambda.url}/`);
const tool = page.page.locator('[data-name=get_weather]');
await tool.getByLabel('location').fill('Reykjavik');
await tool.getByRole('button', { name: 'Call' }).click();
await tool.locator('.status.done').waitFor();
await page.page.screenshot({ path: join(folder, 'page.png') });
await page.close();

const dashboard = await visit(chromium.found, { width: 1180, height: 1000, colorScheme: 'dark' });
await dashboard.page.goto(dashboardUrl);
const client = await CLIENTS['SDK v2, modern'](lambda.url, {});
for (const location of ['Berlin', 'Munich', 'Zurich', 'Nairobi', 'Quito', 'Sydney', 'Cairo'])
  await client.call('get_weather', { location });
await client.call('compare_weather', { locations: ['Berlin', 'Tokyo', 'Cairo', 'Quito'] }, true);
upstream.setDelay(4000);
const slow = Promise.all([
  client.call('get_weather', { location: 'Tokyo' }),
  client.call('get_weather', { location: 'Reykjavik' }),
]);
await dashboard.page.locator('li.busy').nth(1).waitFor();
await dashboard.page.locator('#invocations tr').nth(2).getByRole('button').click();
await dashboard.page.locator('#details pre').first().waitFor();
await dashboard.page.screenshot({ path: join(folder, 'local-dashboard.png') });
await slow;
await client.close();
await dashboard.close();

/** `npm run page:pictures`: takes the screenshots of the README: the page and the local dashboard. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findChromium, visit } from '../../test/framework/unit/page/chromium.ts';
import { CLIENTS } from '../../test/helpers/clients.ts';
import { MANY_TERMS, startFakeUpstream } from '../../test/helpers/fake-upstream.ts';
import { ROOT, startApp } from '../../test/helpers/local-lambda.ts';

const folder = join(ROOT, '.github/pictures');
const chromium = await findChromium();
if ('missing' in chromium) throw new Error(chromium.missing);
await mkdir(folder, { recursive: true });
await using upstream = await startFakeUpstream();
await using lambda = await startApp({ args: ['--dashboard-port', '0', '--port', '8080'], env: upstream.env });
const [, dashboardUrl = ''] = await lambda.printed(/Local dashboard: (\S+)/);

const page = await visit(chromium.found, { width: 1180, height: 1000 });
await page.page.goto(`${lambda.url}/`);
const tool = page.page.locator('[data-name=lookup]');
await tool.getByLabel('term').fill('glacier');
await tool.getByRole('button', { name: 'Call' }).click();
await tool.locator('.status.done').waitFor();
await page.page.screenshot({ path: join(folder, 'page.png') });
await page.close();

const dashboard = await visit(chromium.found, { width: 1180, height: 1000, colorScheme: 'dark' });
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

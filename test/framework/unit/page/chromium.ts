/** A real Chromium, driven by playwright-core, that connects only to this machine and keeps no profile. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Found } from '../../../helpers/skipped-suites.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Finds Chromium. The environment variable `CHROMIUM` can name its path. */
export async function findChromium(): Promise<Found<string>> {
  const path = [process.env.CHROMIUM, ...PLACES].find(place => place && existsSync(place));
  if (!path) return { missing: 'No Chromium: apt-get install chromium, or name one by CHROMIUM=/path/to/it' };
  return promisify(execFile)(path, ['--version']).then(
    () => ({ found: path }),
    () => ({ missing: `${path} does not start: apt-get install --reinstall chromium` }),
  );
}

export interface Visit {
  page: Page;
  /** Console errors and warnings, exceptions, blocked requests and policy violations. */
  complaints: string[];
  /** Every URL that was requested. */
  requests: string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  permissions?: string[];
}

/** Opens a page in a new browser. */
export async function visit(
  executablePath: string,
  { width = 1280, height = 900, colorScheme = 'light', permissions = [] }: VisitOptions = {},
): Promise<Visit> {
  const folder = await mkdtemp(join(tmpdir(), 'chromium-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    args: ARGS,
    headless: true,
    viewport: { width, height },
    colorScheme,
    permissions,
    locale: 'en',
  });
  const [page = await context.newPage()] = context.pages();
  const visit: Visit = {
    page,
    complaints: [],
    requests: [],
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  listen(context, page, visit);
  return visit;
}

function listen(context: BrowserContext, page: Page, { complaints, requests }: Visit): void {
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(String(error)));
  context.on('request', request => requests.push(request.url()));
}

/** Returns the serious and critical problems that axe finds. */
export async function seriousProblems(page: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Through the debugger, because the policy of the page allows only its own scripts.
  const found = (await page.evaluate(`(() => { ${axe}; return axe.run(); })()`)) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

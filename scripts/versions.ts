/**
 * `npm run versions -- prune --function NAME [--retained N] [--region REGION]`: deletes published versions of a function that no alias
 * uses. N versions (default 1) remain: those of aliases, and the newest others. Lambda bills a published version with SnapStart for as long
 * as it exists, and Terraform deletes none. Needs the AWS CLI and the permissions lambda:ListVersionsByFunction, lambda:ListAliases and, for
 * versions only, lambda:DeleteFunction.
 */
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';

const USAGE = 'Usage: npm run versions -- prune --function NAME [--retained N] [--region REGION]';
/** Size limit of the AWS CLI's output: it lists thousands of versions with all their settings. */
const MAX_OUTPUT = { maxBuffer: 256 * 1024 * 1024 };

interface Alias {
  Name: string;
  FunctionVersion: string;
  RoutingConfig?: { AdditionalVersionWeights?: Record<string, number> };
}

class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Options {
  name: string;
  retained: number;
  region: string | undefined;
}

function parse(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      function: { type: 'string' },
      retained: { type: 'string', default: '1' },
      region: { type: 'string' },
    },
  });
  const { function: name, retained, region } = values;
  if (positionals.join() !== 'prune' || !name) throw new UsageError(USAGE);
  if (!/^[1-9]\d*$/.test(retained))
    throw new UsageError(`--retained must be a whole number of at least 1, not "${retained}".`);
  return { name, retained: Number(retained), region };
}

async function prune({ name, retained, region }: Options): Promise<void> {
  const lambda = async (command: string, ...args: string[]): Promise<string> => {
    const where = region ? ['--region', region] : [];
    const all = ['lambda', command, '--function-name', name, ...args, ...where, '--output', 'json'];
    const { stdout } = await promisify(execFile)('aws', all, MAX_OUTPUT);
    return stdout;
  };
  const { Versions } = JSON.parse(await lambda('list-versions-by-function')) as {
    Versions: { Version: string }[];
  };
  const { Aliases } = JSON.parse(await lambda('list-aliases')) as { Aliases: Alias[] };
  if (Aliases.length === 0)
    throw new UsageError(
      `${name} has no alias, so it is unknown which version is in use. Nothing was deleted.`,
    );
  const published = Versions.map(({ Version }) => Number(Version)).filter(Number.isInteger);
  const used = new Set(Aliases.flatMap(versionsOf));
  const newest = published.filter(version => !used.has(version)).sort((a, b) => b - a);
  const spare = newest.slice(0, Math.max(retained - used.size, 0));
  const unused = newest.slice(spare.length).reverse();
  for (const version of unused) {
    await lambda('delete-function', '--qualifier', String(version));
    process.stdout.write(`Deleted version ${version}.\n`);
  }
  const aliases = Aliases.map(alias => `${versionsOf(alias).join(' and ')} (alias ${alias.Name})`);
  process.stdout.write(`Kept: ${[...aliases, ...spare].join(', ')}.\n`);
}

/** An alias can split its traffic over two versions. */
function versionsOf({ FunctionVersion, RoutingConfig }: Alias): number[] {
  const others = Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {});
  return [FunctionVersion, ...others].map(Number).filter(Number.isInteger);
}

try {
  await prune(parse(process.argv.slice(2)));
} catch (error) {
  const { stderr, message, code } = error as Error & { stderr?: string; code?: unknown };
  const reason = code === 'ENOENT' ? 'The AWS CLI (aws) is not installed.' : stderr?.trim() || message;
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}

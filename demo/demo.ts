// `npm run demo`: a real Envoy that asks ostiary about every request, and what to try on it.
// `npm run demo -- --run` tries it all itself and fails where an outcome differs.
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { PartMissing, realPart } from '../test/real/parts.ts';
import { curlLine, difference } from './scene.ts';
import { scenes } from './scenes.ts';
import { setStage } from './stage.ts';
import type { Stage } from './stage.ts';

const HELP = `Starts a real Envoy, an upstream and ostiary with the documents of policies/, and prints what to try.

Usage:
  npm run demo [-- FLAGS]

Flags:
  --port N
      port that Envoy listens on (default 10000; 0: a free one)
  --run
      tries every line itself, on a free port, and fails where an outcome differs
  -h, --help
      this text`;

try {
  const { run, port, help } = flagsOf(process.argv.slice(2));
  if (help) {
    console.log(HELP);
    process.exit(0);
  }
  await realPart('envoy');
  const stage = await setStage(port ?? (run ? 0 : 10_000));
  if (run) {
    process.exitCode = (await play(stage)) ? 0 : 1;
  } else {
    announce(stage);
    await untilInterrupted();
  }
  await stage.stop();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(error instanceof PartMissing ? `The demo needs a real Envoy. ${message}` : message);
  // What was started ends with this process.
  process.exit(1);
}

function flagsOf(args: string[]): { run: boolean; port: number | undefined; help: boolean } {
  const flag = { type: 'boolean', default: false } as const;
  let values;
  try {
    const options = { run: flag, port: { type: 'string' }, help: { ...flag, short: 'h' } } as const;
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new Error(`${(error as Error).message.split('.')[0]}: see npm run demo -- --help`, { cause: error });
  }
  const port = values.port === undefined ? undefined : /^\d{1,5}$/.test(values.port) ? Number(values.port) : NaN;
  if (port !== undefined && !(port < 65_536)) throw new Error(`--port is ${values.port}: expected 0 to 65535`);
  return { run: values.run, port, help: values.help };
}

function announce(stage: Stage): void {
  console.log(
    `Envoy listens on http://127.0.0.1:${stage.port} and asks ostiary (${stage.listen}) about every request.`,
  );
  console.log(`Metrics: ${stage.adminUrl}/metrics; the operators' API: ${stage.apiUrl}\n\nTry, in this order:\n`);
  for (const scene of scenes) {
    console.log(`# ${scene.because}: ${scene.status}, ${scene.shows}\n${curlLine(scene, stage.port)}\n`);
  }
  console.log('Ctrl-C stops everything.');
}

async function play(stage: Stage): Promise<boolean> {
  let good = true;
  for (const scene of scenes) {
    const line = curlLine(scene, stage.port);
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { timeout: 30_000 });
    const differs = difference(scene, stdout);
    good &&= differs === undefined;
    console.log(
      `${differs === undefined ? 'as announced' : `DIFFERS (${differs})`}: ${scene.because}: ${scene.status}`,
    );
    console.log(`  ${line}`);
  }
  console.log(good ? '\nEvery outcome is as announced.' : '\nAn outcome differs.');
  return good;
}

async function untilInterrupted(): Promise<void> {
  // Signals alone do not keep the process running.
  const awake = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
  clearInterval(awake);
}

// `npm run demo`: a real Envoy that asks ostiary about every request, and what to try on it.
// `npm run demo -- --run` tries it all itself and fails where an outcome differs.
// `npm run demo -- --traffic` plays an hour of a shop in a minute, and asks `ostiary analytics` about it.
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { PartMissing, realPart } from '../test/real/parts.ts';
import { curlLine, difference } from './scene.ts';
import { SCENES } from './scenes.ts';
import { setStage } from './stage.ts';
import type { Stage } from './stage.ts';
import { announceTraffic, playTraffic } from './traffic/play.ts';
import { setTrafficStage } from './traffic/stage.ts';

const HELP = `Starts a real Envoy, an upstream and ostiary with the documents of policies/, and prints what to try.

Usage:
  npm run demo [-- FLAGS]

Flags:
  --port N
      port that Envoy listens on (default 10000; 0: a free one)
  --run
      tries every line itself, on a free port, and fails where an outcome differs
  --traffic
      plays an hour of a shop in a minute, then asks ostiary analytics what happened and prints the
      answers; with --run it ends then, and fails where an answer is not what callers saw
  --seconds N
      how long the hour of --traffic takes, 10 to 600 (default 60)
  -h, --help
      this text`;

try {
  const { run, traffic, seconds, port, help } = flagsOf(process.argv.slice(2));
  if (help) {
    console.log(HELP);
    process.exit(0);
  }
  await realPart('envoy');
  const free = port ?? (run ? 0 : 10_000);
  await (traffic ? showTraffic(free, seconds, run) : showScenes(free, run));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(error instanceof PartMissing ? `The demo needs a real Envoy. ${message}` : message);
  // What was started ends with this process.
  process.exit(1);
}

async function showScenes(port: number, run: boolean): Promise<void> {
  const stage = await setStage(port);
  if (run) {
    process.exitCode = (await play(stage)) ? 0 : 1;
  } else {
    announce(stage);
    await untilInterrupted();
  }
  await stage.stop();
}

async function showTraffic(port: number, seconds: number, run: boolean): Promise<void> {
  const stage = await setTrafficStage(port);
  const good = await playTraffic(stage, seconds);
  if (run) {
    process.exitCode = good ? 0 : 1;
  } else {
    announceTraffic(stage);
    await untilInterrupted();
  }
  await stage.stop();
}

interface DemoFlags {
  readonly run: boolean;
  readonly traffic: boolean;
  readonly seconds: number;
  readonly port: number | undefined;
  readonly help: boolean;
}

function flagsOf(args: string[]): DemoFlags {
  const flag = { type: 'boolean', default: false } as const;
  let values;
  try {
    const text = { type: 'string' } as const;
    const options = {
      run: flag,
      traffic: flag,
      seconds: text,
      port: text,
      help: { ...flag, short: 'h' },
    } as const;
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new Error(`${(error as Error).message.split('.')[0]}: see npm run demo -- --help`, { cause: error });
  }
  const port = values.port === undefined ? undefined : /^\d{1,5}$/.test(values.port) ? Number(values.port) : NaN;
  if (port !== undefined && !(port < 65_536)) throw new Error(`--port is ${values.port}: expected 0 to 65535`);
  const seconds = /^\d{1,3}$/.test(values.seconds ?? '60') ? Number(values.seconds ?? 60) : NaN;
  if (!(seconds >= 10 && seconds <= 600)) throw new Error(`--seconds is ${values.seconds}: expected 10 to 600`);
  if (values.seconds !== undefined && !values.traffic) throw new Error('--seconds has no effect without --traffic');
  return { run: values.run, traffic: values.traffic, seconds, port, help: values.help };
}

function announce(stage: Stage): void {
  console.log(
    `Envoy listens on http://127.0.0.1:${stage.port} and asks ostiary (${stage.listen}) about every request.`,
  );
  console.log(`Metrics: ${stage.adminUrl}/metrics; the operators' API: ${stage.apiUrl}\n\nTry, in this order:\n`);
  for (const scene of SCENES) {
    console.log(`# ${scene.because}: ${scene.status}, ${scene.shows}\n${curlLine(scene, stage.port)}\n`);
  }
  console.log('Ctrl-C stops everything.');
}

async function play(stage: Stage): Promise<boolean> {
  let good = true;
  for (const scene of SCENES) {
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

// `npm run demo`: a real Envoy that asks ostiary about every request, and what to try on it.
// `npm run demo -- --run` tries it all itself and fails where an outcome differs.
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { PartMissing, realPart } from '../test/real/parts.ts';
import { curlLine, difference } from './scene.ts';
import { scenes } from './scenes.ts';
import { setStage, type Stage } from './stage.ts';

try {
  const { values } = parseArgs({ options: { run: { type: 'boolean' }, port: { type: 'string' } } });
  await realPart('envoy');
  const stage = await setStage(Number(values.port ?? (values.run === true ? 0 : 10_000)));
  if (values.run === true) {
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

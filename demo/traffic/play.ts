import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify, stripVTControlCharacters, styleText } from 'node:util';
import { main } from '../../test/real/ostiary.ts';
import { MINUTES, playActs } from './acts.ts';
import { Callers } from './callers.ts';
import { questions } from './questions.ts';
import type { TrafficStage } from './stage.ts';

const WIDTH = Math.min(process.stdout.columns ?? 100, 200);

/** Slots are kept when they are over, after ten seconds; a busy machine takes longer. */
const PATIENCE_MS = 60_000;

/**
 * Plays the hour, then asks about it and prints questions, answers and what they tell.
 * @param seconds how long the hour takes
 * @returns whether every answer is what callers saw
 */
export async function playTraffic(stage: TrafficStage, seconds: number): Promise<boolean> {
  say(
    `An hour of a shop, in ${seconds} seconds: a minute of the story takes ${Math.round((seconds / MINUTES) * 1000) / 1000} s. ` +
      'The traffic is real: callers, an Envoy, ostiary with --data-dir, and four services.\n',
  );
  const callers = new Callers(stage.port);
  await playActs(callers, stage.health, seconds, {
    tell({ from, happens }) {
      showLive('');
      say(`${timeOf(from)}  ${happens}`, '       ');
    },
    tick: (minute) => showLive(`${timeOf(minute)}  ${callers.count().toLocaleString('en-US')} requests`),
  });
  showLive('');
  callers.close();
  say(`13:00  The hour is over: ${callers.count().toLocaleString('en-US')} requests.\n`, '       ');
  say('Ostiary counts in slots of ten seconds. When the last one is kept, we ask.\n');
  await untilCounted(stage, callers.count());

  let good = true;
  for (const [at, { asks, line, tells, shows }] of questions.entries()) {
    console.log(styleText('bold', `${at + 1}. ${asks}`, { stream: process.stdout }));
    console.log(styleText('cyan', `$ ostiary analytics ${line}`, { stream: process.stdout }));
    const answer = await ask(stage, line);
    console.log(answer.trimEnd());
    const missing = shows(callers).filter((each) => !each.test(answer));
    good &&= missing.length === 0;
    say(`\n${styleText('green', '▸', { stream: process.stdout })} ${tells(callers)}`, '  ');
    for (const each of missing) console.log(`  DIFFERS from what callers saw: nothing fits ${String(each)}`);
    console.log('');
  }
  console.log(good ? 'Every answer agrees with what the callers saw.' : 'An answer differs from what the callers saw.');
  return good;
}

function timeOf(minute: number): string {
  return `12:${String(Math.floor(minute)).padStart(2, '0')}`;
}

/** In a terminal, a line that the next one takes the place of. */
function showLive(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${text}`);
}

/** How the reader goes on asking. */
export function announceTraffic({ apiUrl, tokenFile }: TrafficStage): void {
  console.log(`
Go on asking, in another terminal:

export OSTIARY_API=${apiUrl}
export OSTIARY_API_TOKEN_FILE=${tokenFile}
npm run -s ostiary -- analytics query --by api,client,status

Ctrl-C stops everything.`);
}

async function ask({ apiUrl, tokenFile }: TrafficStage, line: string): Promise<string> {
  const env = { ...process.env, COLUMNS: String(WIDTH), OSTIARY_API: apiUrl, OSTIARY_API_TOKEN_FILE: tokenFile };
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'analytics', ...line.split(' ')], { env });
  return stdout;
}

async function untilCounted({ apiUrl, tokenFile }: TrafficStage, sent: number): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`,
  };
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(250)) {
    const url = `${apiUrl}/ostiary.v1.AnalyticsService/Query`;
    const response = await fetch(url, { method: 'POST', headers, body: '{}' });
    const { total } = (await response.json()) as { total?: { count?: string } };
    if (Number(total?.count ?? 0) >= sent) return;
  }
}

/** Prose, in lines of at most a hundred characters. */
function say(text: string, indent = ''): void {
  const room = Math.min(WIDTH, 100);
  for (const [at, paragraph] of text.split('\n').entries()) {
    let line = '';
    const lines: string[] = [];
    for (const word of paragraph.split(/(?<=\S) (?=\S)/)) {
      if (line !== '' && stripVTControlCharacters(`${line} ${word}`).length > room) {
        lines.push(line);
        line = indent + word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
    if (at > 0 || text !== '') console.log(lines.join('\n'));
  }
}

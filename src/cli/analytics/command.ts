import { UserError } from '../../errors.ts';
import { didYouMean } from '../../nearest.ts';
import { defineCommand } from '../command.ts';
import { serverAsked } from '../platform/either.ts';
import { flags } from './flags.ts';
import type { Output, Values } from './flags.ts';
import { printGraph } from './graph.ts';
import { printQuery } from './query.ts';
import { printSamples } from './samples.ts';
import { columnsOf } from './terminal.ts';
import { printTop } from './top.ts';

interface Question {
  /** Flags with a meaning here, beside those of every question. */
  readonly flags: readonly (keyof typeof flags)[];
  readonly outputs: readonly Output[];
  /** @param width how many columns a table may take @throws UserError */
  print(values: Values, width: number): Promise<void>;
}

const OF_API = ['apiAddress', 'apiTokenFile'] as const;
const COMMON = [
  'since',
  'until',
  'api',
  'client',
  'reason',
  'limit',
  'output',
  ...OF_API,
  'server',
  'serverCa',
  'requestTimeout',
  'tokenFile',
] as const;

const OF_GRAPH = ['where', 'team', 'minRate', 'errorsOnly', 'around', 'steps'] as const;

const questions: ReadonlyMap<string, Question> = new Map<string, Question>([
  ['query', { flags: ['where', 'by', 'step', 'rankBy'], outputs: ['table', 'json', 'csv'], print: printQuery }],
  ['top', { flags: ['where', 'by', 'rankBy'], outputs: ['table', 'json', 'csv'], print: printTop }],
  ['graph', { flags: OF_GRAPH, outputs: ['table', 'json', 'csv', 'dot', 'mermaid'], print: printGraph }],
  ['samples', { flags: ['where', 'id'], outputs: ['table', 'json', 'csv'], print: printSamples }],
]);

/** Asks a running service about the requests that it has counted. */
export const command = defineCommand({
  usage: 'analytics query|top|graph|samples [FLAGS]',
  summary:
    'Tells of the requests that a running service has counted, as Envoy reported them; or, with --server,\n' +
    'of those of all sidecars, as the control plane knows them.\n' +
    'query: how many, how fast and how they ended, by any dimensions.\n' +
    'top: the highest of one dimension, with their share and the time of the same length before.\n' +
    'graph: who depends on whom: client applications, APIs, services and workloads.\n' +
    'samples: single requests, the latest first, with what each policy did.\n' +
    'Envoy must stream its access log to the service, which must run with --data-dir, or follow the control\n' +
    'plane. It needs the API token, or the token of the control plane.',
  examples: [
    'analytics query --api orders --by client,status --since 24h',
    'analytics query --by client --where status=5xx --step 1h --since 7d -o csv',
    'analytics top --by client --rank-by denials',
    'analytics graph --since 24h -o mermaid',
    'analytics graph --around api:orders --steps 2 --errors-only',
    'analytics samples --api orders --reason quota_spent',
    'analytics top --by api --server https://control.example.com:9195 --token-file token',
  ],
  flags,
  sections: { since: 'Which requests', by: 'What is told of them', apiAddress: 'Who is asked' },
  maxArguments: 1,
  argumentWords: [...questions.keys()],
  concerned([name = '']) {
    const question = questions.get(name);
    return question && [...COMMON, ...question.flags];
  },
  async run({ values, given, positionals: [name = ''] }, environment) {
    const question = questions.get(name);
    if (question === undefined) {
      const said = name === '' ? 'a question comes first' : `there is no question ${JSON.stringify(name)}`;
      const names = [...questions.keys()];
      throw new UserError(`${said}${didYouMean(name, names)}: ostiary analytics ${names.join('|')}`, 2);
    }
    if (!question.outputs.includes(values.output)) {
      const expected = question.outputs.join(', ');
      throw new UserError(`--output is "${values.output}": expected one of ${expected} for analytics ${name}`, 2);
    }
    const mesh = serverAsked({ values, given }, environment, OF_API);
    await question.print({ ...values, mesh }, columnsOf(environment, process.stdout));
    return 0;
  },
});

import { timestampDate } from '@bufbuild/protobuf/wkt';
import { CreateSidecarTokenResponseSchema } from '../../../gen/ostiary/v1/sidecars_pb.js';
import { UserError } from '../../errors.ts';
import { integer, oneOf, text, toggle } from '../../flags.ts';
import { printJson } from '../analytics/asking.ts';
import { lengthOf } from '../analytics/time-flags.ts';
import { defineCommand } from '../command.ts';
import { callServer, serverFlags } from './server.ts';
import { scopeFlags, scopeOf } from './scope-flags.ts';

const lifetime = (given: string): string | undefined =>
  lengthOf(given) === undefined ? 'expected how long, such as 1h or 30d' : undefined;

/** Makes tokens. */
export const command = defineCommand({
  usage: 'token create --sidecar [FLAGS]',
  summary:
    'Makes a token with which sidecars join the control plane. It is printed once, and kept as a hash.\n' +
    'What the sidecars get is the scope of the token: APIs that meet all of the conditions, with their contracts.',
  examples: [
    'token create --sidecar > join-token',
    'token create --sidecar --scope-namespace shop --ttl 7d --name eu-1 > join-token',
  ],
  flags: {
    sidecar: toggle('a token for sidecars to join with'),
    name: text(undefined, 'TEXT', 'what it is for'),
    ...scopeFlags,
    ttl: text('1h', 'LENGTH', 'how long sidecars may join with it: 30m, 7d', lifetime),
    uses: { ...integer(0, 0, 1_000_000, 'how many sidecars may join with it'), shown: 'any number' },
    output: { ...oneOf('text', ['text', 'json'], 'the token alone, or JSON'), short: 'o' },
    ...serverFlags,
  },
  sections: { sidecar: 'What for', output: 'How', server: 'Where' },
  maxArguments: 1,
  argumentWords: ['create'],
  async run({ values, positionals: [action] }, environment) {
    if (action !== 'create') throw new UserError('what of tokens? ostiary token create --sidecar', 2);
    if (!values.sidecar) throw new UserError('a token for whom? ostiary token create --sidecar', 2);
    const { name, ttl, uses, output } = values;
    const request = {
      name,
      scope: scopeOf(values),
      ttl: `${(lengthOf(ttl) ?? 0) / 1000}s`,
      mostUses: uses,
    };
    const answer = await callServer('SidecarService/CreateSidecarToken', request, CreateSidecarTokenResponseSchema, {
      values,
      environment,
    });
    const expires = answer.expires === undefined ? undefined : timestampDate(answer.expires).toISOString();
    if (output === 'json') printJson({ token: answer.token, expires });
    else {
      process.stdout.write(`${answer.token}\n`);
      process.stderr.write(`sidecars may join with it until ${expires ?? 'it is withdrawn'}; it is not shown again\n`);
    }
    return 0;
  },
});

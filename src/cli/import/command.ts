import { UserError } from '../../errors.ts';
import { text, toggle } from '../../flags.ts';
import { defineCommand } from '../command.ts';
import { serverFlags } from '../platform/server.ts';
import { anypointFlags, importFromAnypoint } from './anypoint.ts';
import { flexFlags, importFromFlex } from './flex.ts';

const SOURCES = ['flex', 'anypoint'];

const controlFlags = {
  apply: toggle('write to the control plane; without it, what would be written is shown'),
  reason: text(undefined, 'TEXT', 'why, for the audit log'),
  ...serverFlags,
};

const flags = { ...flexFlags, ...anypointFlags, ...controlFlags };
type Flag = keyof typeof flags;

/** Brings over what another gateway has. */
export const command = defineCommand({
  usage: 'import flex DIR … | anypoint [FILE] [FLAGS]',
  summary:
    'import flex makes documents of the ApiInstance and PolicyBinding documents of Flex/Omni Gateway in DIR: prints them,\n' +
    'writes files (--out), or writes them to a control plane (--server, with --apply). What can not be imported is listed\n' +
    'by file, line and field, and nothing is written then.\n' +
    'import anypoint brings over an organization of Anypoint: APIs with tiers, policies and contracts, and client\n' +
    'applications, from --url or from a FILE that --save has made. It shows what would come and what would not;\n' +
    '--apply writes it to the control plane in one transaction, --out DIR to files. A second time changes nothing.\n' +
    'Credentials are in ANYPOINT_TOKEN, or in ANYPOINT_CLIENT_ID and ANYPOINT_CLIENT_SECRET of a connected app.\n' +
    'Exits 0 if all is imported, else 1.',
  examples: [
    'import flex /usr/local/share/mulesoft/flex-gateway/conf.d --out policies',
    'import flex conf.d --host orders=orders.example.com --host users=users.example.com',
    'import flex conf.d --server https://ostiary.example.com:9195 # what would be written',
    'import anypoint --url https://anypoint.mulesoft.com --organization ID --save org.json',
    'import anypoint org.json --environment Production=prod --new-secrets new.yaml --apply',
  ],
  flags,
  sections: { out: 'Files', url: 'From Anypoint', apply: 'To a control plane' },
  maxArguments: Infinity,
  argumentWords: SOURCES,
  concerned([from]): readonly Flag[] {
    const ofControl = Object.keys(controlFlags) as Flag[];
    if (from === 'flex') return [...(Object.keys(flexFlags) as Flag[]), ...ofControl];
    if (from !== 'anypoint') return Object.keys(flags) as Flag[];
    return ['out', 'overwrite', 'host', ...(Object.keys(anypointFlags) as Flag[]), ...ofControl];
  },
  async run({ values, given, positionals: [from, ...rest] }, environment) {
    if (from === undefined)
      throw new UserError(`expected what to import: one of ${SOURCES.join(', ')}; see ostiary import --help`, 2);
    if (!SOURCES.includes(from))
      throw new UserError(`can not import ${JSON.stringify(from)}: expected one of ${SOURCES.join(', ')}`, 2);
    const target = { caller: { values, environment }, isApplied: values.apply, reason: values.reason };
    const isNamed = given.has('server') || values.apply;
    if (from === 'flex') return importFromFlex(rest, values, environment, isNamed ? target : undefined);
    return importFromAnypoint(rest, values, environment, { target, isNamed });
  },
});

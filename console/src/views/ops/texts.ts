export const TEXTS = {
  sidecars: 'Sidecars',
  sidecarsLead: 'The instances that decide beside your Envoys, and what each of them enforces now.',
  noSidecars: 'No sidecar has joined yet',
  noSidecarsHelp: 'Nothing is enforced until one follows. Make a token, and start a sidecar with it.',
  noneFound: 'No sidecar fits',
  noneFoundHelp: 'Change the search, or show all of them.',
  showAll: 'Show all',
  anyState: 'Any state',
  searchSidecars: 'Name, version or label',
  join: 'Let a sidecar join',
  joinHelp:
    'Whoever has the token can join, and see what such a sidecar may see. It is shown once, and kept as a hash.',
  makeToken: 'Make the token',
  forget: 'Forget it',
  forgetHelp:
    'Its credential ends, and receipts no longer count it. A sidecar that still runs is refused from then on, until it joins anew.',
  faults: 'What it could not put in force',
  noFaults: 'It has put everything in force that it was sent.',
  snapshot: 'What it decides by',
  keySets: 'Key sets',
  keySetsHelp: 'Asks it to fetch the keys of token issuers now: keys that were withdrawn verify nothing from then on.',
  refreshKeys: 'Refresh the key sets',
  completeness: 'Its counts',
  explain: 'Explain',
  explainLead:
    'Why a request is let through or refused: each step of the decision, at a sidecar that you choose. Nothing is charged, and nothing is passed on.',
  line: 'A line with curl',
  lineHelp:
    'As you have run it, with its credentials. It stays in this page: it is sent to the sidecar alone, and not kept.',
  ask: 'Explain it',
  from: 'Address of the caller',
  atSidecar: 'At the sidecar',
  recorded: 'What was decided then',
  recordedHelp:
    'A request is kept without its path, query and credentials. Put them in below to see what would be decided now.',
  noSample: 'This request is no longer kept, or not yours to see.',
  adminOnly: 'This is for administrators of the platform.',
} as const;

export const AUDIT = {
  title: 'Audit',
  lead: 'Who did what, when, from where and why. Nothing of it can be changed or left out unnoticed.',
  none: 'Nothing has been written yet',
  noneFound: 'Nothing fits these filters',
  showAll: 'Show everything',
  narrow: 'The latest 1,000 are shown: use the filters to find earlier ones.',
  verify: 'Verify the trail',
  verifyNow: 'Verify now',
  getHead: 'Show the head of now',
  verifyHelp:
    'All hashes are computed anew, and resources are compared with what the changes make of them. Against somebody who writes the whole trail anew, a head that was kept elsewhere helps.',
  head: 'Head',
  headHelp: 'One that you kept earlier, or that syslog or a webhook was sent; empty: none.',
  filters: {
    actor: 'Who',
    action: 'Did',
    kind: 'Kind',
    namespace: 'Namespace',
    name: 'Name',
    outcome: 'Outcome',
    address: 'From the address',
    credential: 'Credential',
  } as Readonly<Record<string, string>>,
  examples: {
    actor: 'local:ada',
    action: 'changed, login, denied',
    kind: 'Api',
    namespace: 'shop',
    name: 'orders',
    outcome: 'done, denied, failed',
    address: '192.0.2.7',
    credential: 'token:ID',
  } as Readonly<Record<string, string>>,
  /** Filters that are asked for seldom. */
  minor: ['namespace', 'outcome', 'address', 'credential'] as readonly string[],
} as const;

export const LIVE = {
  title: 'Refused requests',
  lead: 'As they come. Each leads to why it was refused.',
  pause: 'Pause',
  goOn: 'Go on',
  running: 'Asked every 2 seconds',
  paused: 'Paused: what comes now is shown when you go on',
  none: 'Nothing was refused in the last hour',
  noneFound: 'Nothing that fits was refused in the last hour',
  noneHelp: 'Denials are known when Envoy sends its access log; they appear here by themselves.',
  filters: { api: 'API', client: 'Client', reason: 'Reason' },
  examples: { api: 'shop/orders', client: 'apps/web-shop', reason: 'quota_spent' },
} as const;

export const COUNTERS = {
  title: 'Counters',
  lead: 'What a client has left of its limits, as a sidecar counts it now.',
  labels: { api: 'API', client: 'Client id', key: 'or key' },
  examples: { api: 'shop/orders', client: 'web', key: '192.0.2.7' },
  look: 'Look again',
  whose: 'Whose counters?',
  whoseHelp: 'Name an API and the client id, or the key that a policy counts by, such as an address.',
  none: 'Nothing is counted',
  noneHelp: 'No policy of this API counts this client.',
  noWindow: 'No window is open: the next request opens one.',
  noSidecars: 'No sidecar has joined yet',
  reset: 'Reset the counters',
  resetHelp:
    'Its open windows are closed: the next request opens new ones, with everything left. Where sidecars count together in Redis, it is so for all of them.',
} as const;

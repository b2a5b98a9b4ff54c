import type { Section } from '../own/document-editor.tsx';

const FOR_PEOPLE: Section = {
  title: 'For people',
  path: ['metadata'],
  fields: ['displayName', 'description', 'labels'],
  first: ['displayName', 'description'],
};

/** A kind of document that has a list and a page of its own. */
export interface KindTexts {
  readonly kind: string;
  /** Of its list. */
  readonly address: string;
  readonly title: string;
  readonly lead: string;
  readonly none: string;
  readonly noneHelp: string;
  readonly create: string;
  readonly sections: readonly Section[];
  /** What a new one has. */
  readonly begin: (namespace: string, name: string) => Readonly<Record<string, unknown>>;
  /** Where a new one is by default. */
  readonly namespace: string;
}

export const TEAMS: KindTexts = {
  kind: 'Team',
  address: '/teams',
  title: 'Teams',
  lead: 'Which namespaces a team owns, and who may do what there.',
  none: 'No team yet',
  noneHelp: 'Nobody but an administrator may do anything until a Team gives them a role.',
  create: 'New team',
  sections: [FOR_PEOPLE, { title: 'What it owns, and who is in it', path: ['spec'], first: ['namespaces', 'members'] }],
  namespace: 'platform',
  begin: (namespace, name) => ({
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Team',
    metadata: { name, namespace },
    spec: { namespaces: [name], members: [] },
  }),
};

export const ALERTS: KindTexts = {
  kind: 'Alert',
  address: '/alerts',
  title: 'Alerts',
  lead: 'When something is too much, too slow or too little, and who hears of it.',
  none: 'No alert yet',
  noneHelp: 'An alert tells a webhook when requests fail, slow down or are refused more than you expect.',
  create: 'New alert',
  sections: [
    FOR_PEOPLE,
    {
      title: 'When it fires',
      path: ['spec'],
      first: ['api', 'metric', 'operator', 'threshold', 'window', 'for', 'severity', 'notify'],
    },
  ],
  namespace: 'default',
  begin: (namespace, name) => ({
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Alert',
    metadata: { name, namespace },
    spec: { metric: 'denials', threshold: 100, window: '5m' },
  }),
};

export const TEXTS = {
  search: 'Search',
  noneFound: 'Nothing fits',
  showAll: 'Show all',
  remove: 'Delete',
  removeHelp: 'The document is deleted. What it was stays in the audit.',
  reason: 'Why',
  began: 'Begin',
  namespace: 'Namespace',
  name: 'Name',
  lately: 'What has happened',
  latelyNone: 'Nothing is known of it yet.',
} as const;

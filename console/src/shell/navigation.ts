import { hasRole } from './session.ts';

export interface NavigationItem {
  readonly href: string;
  readonly text: string;
  /** Absent: everybody. */
  readonly isFor?: () => boolean;
}

export const isOwner = (): boolean => hasRole(['owner', 'admin']);

export const isOperator = (): boolean => hasRole(['admin', 'auditor', 'viewer'], 'platform');

export interface NavigationGroup {
  readonly text: string;
  readonly items: readonly NavigationItem[];
}

/** What the menu shows, one line a view. */
export const NAVIGATION: readonly NavigationGroup[] = [
  {
    text: 'Use APIs',
    items: [
      { href: '/catalog', text: 'Catalog' },
      { href: '/applications', text: 'Applications', isFor: () => isConsumer() },
      { href: '/contracts', text: 'Contracts', isFor: () => isConsumer() },
    ],
  },
  {
    text: 'Own APIs',
    items: [
      { href: '/apis', text: 'My APIs', isFor: () => hasRole(['owner', 'admin', 'viewer', 'auditor']) },
      { href: '/requests', text: 'Requests', isFor: isOwner },
    ],
  },
  {
    text: 'Understand',
    items: [
      { href: '/analytics', text: 'Analytics' },
      { href: '/graph', text: 'Graph' },
    ],
  },
  {
    text: 'Operate',
    items: [
      { href: '/sidecars', text: 'Sidecars', isFor: isOperator },
      { href: '/live', text: 'Refused requests', isFor: isOperator },
      { href: '/explain', text: 'Explain', isFor: isOperator },
      { href: '/counters', text: 'Counters', isFor: isOperator },
      { href: '/alerts', text: 'Alerts', isFor: () => hasRole(['owner', 'admin', 'viewer', 'auditor']) },
      { href: '/audit', text: 'Audit', isFor: () => hasRole(['admin', 'auditor']) },
    ],
  },
  {
    text: 'People',
    items: [
      { href: '/users', text: 'Users', isFor: () => hasRole(['admin'], 'platform') },
      { href: '/teams', text: 'Teams', isFor: () => hasRole(['admin', 'auditor', 'owner', 'viewer']) },
      { href: '/tokens', text: 'Access tokens' },
    ],
  },
];

/** Whoever may ask for access. */
export const isConsumer = (): boolean => hasRole(['developer', 'admin']);

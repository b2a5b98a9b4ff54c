import type { JSX } from 'preact';
import type { ViewProps } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { DocumentPage } from './document-page.tsx';
import { TEAMS } from './texts.ts';

export default function TeamView({ params }: ViewProps): JSX.Element {
  const [namespace, name] = [params['namespace'] ?? '', params['name'] ?? ''];
  return <DocumentPage of={TEAMS} namespace={namespace} name={name} mayWrite={hasRole(['admin'], name)} />;
}

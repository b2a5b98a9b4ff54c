import { render } from 'preact';
import { followLinks } from './shell/router.ts';
import { enter } from './shell/session.ts';
import { Shell } from './shell/shell.tsx';

followLinks();
void enter();
render(<Shell />, document.getElementById('console') as HTMLElement);

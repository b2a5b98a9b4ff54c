import { effect } from '@preact/signals';
import { render } from 'preact';
import { follow } from './api/live.ts';
import { watchRelease } from './shell/release.ts';
import { followLinks } from './shell/router.ts';
import { enter, person } from './shell/session.ts';
import { Shell } from './shell/shell.tsx';

followLinks();
watchRelease();
render(<Shell />, document.getElementById('console') as HTMLElement);
void enter();
let isFollowing = false;
effect(() => {
  if (person.value === undefined || isFollowing) return;
  isFollowing = true;
  void follow();
});

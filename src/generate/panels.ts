import type { Panel } from './panel.ts';
import { requestPanels } from './request-panels.ts';
import { servicePanels } from './service-panels.ts';

/** The dashboards are made of this one list. A panel of several audiences asks each for its own share. */
export const panels: readonly Panel[] = [...requestPanels, ...servicePanels];

import type { Panel } from './panel.ts';
import { requestPanels } from './request-panels.ts';
import { servicePanels } from './service-panels.ts';

/** All dashboards are made from this list. A panel for several audiences has a query for each. */
export const panels: readonly Panel[] = [...requestPanels, ...servicePanels];

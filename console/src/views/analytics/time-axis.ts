const DAY_S = 86_400;
const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** What stands at the marks of an axis of time, in the reader's zone: times, and the day where one begins. */
export function xValues(splits: readonly number[], incrementS: number): string[] {
  return splits.map((atS) => {
    const at = new Date(atS * 1000);
    if (incrementS >= DAY_S || (at.getHours() === 0 && at.getMinutes() === 0)) return DAY.format(at);
    return (incrementS < 60 ? SECONDS : TIME).format(at);
  });
}

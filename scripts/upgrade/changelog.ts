/** Reads a changelog in the form of https://keepachangelog.com. */

/** Returns the sections from the newest version down to, and without, `since`. Without `since`, all of them. */
export function changesSince(changelog: string, since: string | undefined): string {
  const sections = changelog.split(/^(?=## )/m).slice(1);
  const released = sections.filter(section => versionOf(section) !== 'Unreleased');
  const end = released.findIndex(section => versionOf(section) === since);
  return released
    .slice(0, end < 0 ? undefined : end)
    .join('')
    .trim();
}

/** `## [0.2.0] - 2026-11-01` → `0.2.0` */
function versionOf(section: string): string | undefined {
  return /^## \[?([^\]\s]+)/.exec(section)?.[1];
}

export const PACKAGED_VERSION: string;
export function packagedNode(why: string): string;

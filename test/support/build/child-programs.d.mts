/** @see child-programs.mjs */
export function bundleChildPrograms(more?: Readonly<Record<string, string>>): Promise<string>;

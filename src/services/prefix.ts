/** The condition "begins with this", by an index: the text is taken as it is, whatever signs are in it. */
export const startingWith = (text: string) => ({ $regex: `^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}` });

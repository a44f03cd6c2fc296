/** The columns of the list, for its head and its rows. */
export const fleetColumns = 'md:grid md:grid-cols-[minmax(0,3fr)_minmax(0,3.2fr)_minmax(0,1.6fr)_5rem] lg:grid-cols-[minmax(0,3fr)_minmax(0,3fr)_minmax(0,1.6fr)_minmax(0,3fr)_5rem] md:items-center md:gap-4'

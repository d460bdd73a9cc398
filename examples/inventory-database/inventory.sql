-- An inventory of hardware as its own application keeps it: numbers for keys, dates as text.
CREATE TABLE sites (id INTEGER PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL, city TEXT);
CREATE TABLE racks (
    id INTEGER PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites, label TEXT NOT NULL,
    asset_tag TEXT NOT NULL, units INTEGER
);
CREATE TABLE hardware_models (id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, model TEXT NOT NULL);
CREATE TABLE servers (
    id INTEGER PRIMARY KEY, rack_id INTEGER REFERENCES racks, model_id INTEGER REFERENCES hardware_models,
    hostname TEXT NOT NULL, asset_tag TEXT NOT NULL, memory_mb INTEGER, hypervisor INTEGER NOT NULL,
    warranty_until TEXT, retired_on TEXT
);
CREATE TABLE replication (from_server INTEGER REFERENCES servers, to_server INTEGER REFERENCES servers);

INSERT INTO sites VALUES (1, 'OSL1', 'Oslo West', 'Oslo'), (2, 'BGO1', 'Bergen Harbour', 'Bergen');
INSERT INTO racks VALUES
    (1, 1, 'A01', 'R-1001', 42), (2, 1, 'A02', 'R-1002', 42),
    (3, 2, 'A01', 'R-1101', 48), (4, 2, 'A02', 'R-1102', 48);
INSERT INTO hardware_models VALUES
    (1, 'Dell', 'PowerEdge R650'), (2, 'HPE', 'ProLiant DL380 Gen11'), (3, 'Dell', 'PowerEdge R630');
INSERT INTO servers VALUES
    (1, 1, 1, 'osl-esx-01', 'S-2001', 524288, 1, '2027-03-31', NULL),
    (2, 1, 1, 'osl-esx-02', 'S-2002', 1048576, 1, '2027-03-31', NULL),
    (3, 2, 2, 'osl-db-01', 'S-2003', 262144, 0, '2028-06-30', NULL),
    (4, 1, 2, 'osl-db-02', 'S-2004', 262144, 0, '2028-06-30', NULL),
    (5, 2, 3, 'osl-old-01', 'S-1007', 65536, 0, '2021-01-31', '2026-10-02'),
    (6, 3, 1, 'bgo-esx-01', 'S-2101', 524288, 1, '2027-03-31', NULL),
    (7, 4, 2, 'bgo-db-01', 'S-2103', 262144, 0, NULL, NULL),
    (8, 4, 2, 'bgo-db-02', 'S-2104', 262144, 0, NULL, NULL);
INSERT INTO replication VALUES (1, 2), (2, 1), (4, 3), (3, 7), (4, 8);

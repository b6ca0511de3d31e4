from mail import fetch_all, query, send

for row in fetch_all(query):
    send(row)  # fetch_all(query) once more
# fetch_all(query) is on its way out

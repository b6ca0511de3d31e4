import mail

for row in fetch_all(query):
    mail.send(row)  # fetch_all(query) once more
# fetch_all(query) is on its way out
